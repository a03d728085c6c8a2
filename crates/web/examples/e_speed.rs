//! Temporary.
#![allow(warnings, clippy::all)]
use std::time::{Duration, Instant};
use journal::Journal;
use warehouse::{Config, Warehouse};
use web::loader::{Loader, LoaderConfig};
use web::record::Record;
use web::sample::*;
use web::report::*;
use jiff::{tz::TimeZone, civil::date, ToSpan};
fn cfg(dir:&std::path::Path)->Config{ Config{dir:dir.join("warehouse"),memory_bytes_max:2<<30,threads:2,readers:4,probe:None} }
#[tokio::main]
async fn main(){
  let dir=std::path::PathBuf::from(std::env::args().nth(1).unwrap());
  let vpd:u32=std::env::args().nth(2).unwrap().parse().unwrap();
  let sample=Sample::new(SampleConfig{seed:7,first_day:date(2026,10,1),days:30,visitors_per_day:vpd,zone:TimeZone::UTC});
  let now="2026-10-31T12:00:00Z".parse().unwrap();
  let (warehouse,_)=Warehouse::open(cfg(&dir),&[web::schema::DATABASE]).unwrap();
  if std::env::args().nth(3).as_deref()==Some("load"){
    let t=Instant::now();
    println!("events {}",sample.event_count());
    let (journal,opened)=Journal::open(journal::Config::new(dir.join("journal"))).unwrap();
    let loader=Loader::start(LoaderConfig{interval:Duration::from_millis(20),keep_bytes:0,..LoaderConfig::new(&dir)},journal.clone(),&opened,warehouse.writer("web").unwrap(),Default::default()).unwrap();
    let mut buf=vec![];
    for e in sample.events(){ buf.push(e.record(SAMPLE_HOSTNAME)); if buf.len()==400 { journal.append(Record::Events(std::mem::take(&mut buf)).encode().unwrap()).await.unwrap(); } }
    if !buf.is_empty(){ journal.append(Record::Events(buf).encode().unwrap()).await.unwrap(); }
    println!("journal {:?}",t.elapsed());
    let end=journal.durable();
    loader.progress().wait_for(|p|p.committed>=end.0).await.unwrap();
    println!("loaded {:?}",t.elapsed());
    tokio::task::spawn_blocking(move||loader.stop()).await.unwrap(); journal.close();
    warehouse.writer("web").unwrap().checkpoint().unwrap();
    println!("done {:?} rss {}",t.elapsed(), std::fs::read_to_string("/proc/self/status").unwrap().lines().find(|l|l.starts_with("VmHWM")).unwrap());
  }
  let site=web::sites::Site::new(SAMPLE_HOSTNAME,"UTC",&[]).unwrap();
  let config=ReportConfig::default();
  let c=ReportContext{warehouse:&warehouse,site:&site,config:&config,now};
  let f=Some("2026-10-01".to_string()); let to=Some("2026-10-30".to_string());
  fn cpu()->f64{ let s=std::fs::read_to_string("/proc/self/stat").unwrap(); let v:Vec<&str>=s.rsplit(')').next().unwrap().split_whitespace().collect(); (v[11].parse::<f64>().unwrap()+v[12].parse::<f64>().unwrap())*10.0 }
  macro_rules! t { ($name:expr,$e:expr)=>{{ let mut w=vec![]; let mut k=vec![]; for _ in 0..7 { let p=cpu(); let a=Instant::now(); let _r=$e.await.unwrap(); w.push(a.elapsed().as_secs_f64()*1e3); k.push((cpu()-p)/2.0);} w.sort_by(f64::total_cmp); k.sort_by(f64::total_cmp); println!("{:34} min {:7.1} med {:7.1}  cpu/2 med {:6.1}",$name,w[0],w[3],k[3]); }} }
  use overview::OverviewParams; use timeseries::TimeseriesParams; use breakdown::BreakdownParams;
  let fl=std::env::args().nth(4);
  for (comp) in [None,Some("previous".to_string())] { t!(format!("overview {comp:?}"),overview::run(&c,&OverviewParams{from:f.clone(),to:to.clone(),filters:fl.clone(),compare:comp.clone(),..Default::default()})); }
  for m in ["visitors","visits","pageviews","views_per_visit","bounce_rate"] { t!(format!("timeseries {m}"),timeseries::run(&c,&TimeseriesParams{from:f.clone(),to:to.clone(),filters:fl.clone(),metric:Some(m.into()),..Default::default()})); }
  t!("timeseries visitors hour",timeseries::run(&c,&TimeseriesParams{from:f.clone(),to:to.clone(),filters:fl.clone(),interval:Some("hour".into()),..Default::default()}));
  for d in web::dimensions::DIMENSIONS { t!(format!("breakdown {}",d.id),breakdown::run(&c,d.id,&BreakdownParams{from:f.clone(),to:to.clone(),filters:fl.clone(),..Default::default()})); }
  t!("realtime",realtime::run(&c,&Default::default()));
  t!("status",status::run(&c,"x"));
  for (n,s) in [("empty select","SELECT 1"),("raw overview","SELECT count(DISTINCT visitor_id), count(*), sum(pageviews), avg(bounce::INT), avg(epoch(last_at - started_at)) FROM web.visits WHERE site='eider-and-elm.example' AND started_at < TIMESTAMP '2026-10-31' AND last_at >= TIMESTAMP '2026-10-01'"),
   ("raw channel","SELECT channel, count(DISTINCT visitor_id) AS visitors FROM web.visits WHERE site='eider-and-elm.example' AND started_at < TIMESTAMP '2026-10-31' AND last_at >= TIMESTAMP '2026-10-01' GROUP BY 1 ORDER BY 2 DESC LIMIT 9"),
   ("raw page","SELECT pathname, count(DISTINCT visitor_id) AS visitors, count(*) FROM web.events WHERE site='eider-and-elm.example' AND timestamp < TIMESTAMP '2026-10-31' AND timestamp >= TIMESTAMP '2026-10-01' AND name='pageview' GROUP BY 1 ORDER BY 2 DESC LIMIT 9")] {
    t!(n,warehouse.read(s.to_string(),vec![],Duration::from_secs(60))); }
}
